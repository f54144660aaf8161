/** What a comparison came to: whether all is explained, the sums, and each day and model where something is off. */
import type { ReconciliationJson } from '../../../src/reconcile/answers.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Badge } from '../../shared/components/badge.tsx';
import { Card } from '../../shared/components/card.tsx';
import { Table, TableBody, TableHead, Td, Th } from '../../shared/components/table.tsx';
import { UntrustedText } from '../../shared/components/untrusted.tsx';
import { formatCount } from '../../shared/format/count.ts';
import { amountName, amountText, kindName } from './words.ts';

/** More are in the file. */
const SHOWN_ROWS = 200;

type Row = ReconciliationJson['rows'][number];
const isUnexplained = ({ findings }: Row) => findings.some((finding) => !finding.is_explained);

export function Result({ result }: { result: ReconciliationJson }) {
  const off = result.rows.filter(({ findings }) => findings.length > 0);
  const rows = [...off.filter(isUnexplained), ...off.filter((row) => !isUnexplained(row))];
  return (
    <div className="grid grid-cols-1 gap-5">
      <Verdict result={result} unexplained={off.filter(isUnexplained).length} />
      {result.warnings.map((warning) => (
        <Alert key={warning} tone="warning">
          <UntrustedText>{warning}</UntrustedText>
        </Alert>
      ))}
      {result.notes.map((note) => (
        <Alert key={note}>
          <UntrustedText>{note}</UntrustedText>
        </Alert>
      ))}
      {result.files.length > 1 && <Files files={result.files} />}
      <Card>
        <h2 className="mb-3 text-base font-semibold">Sums</h2>
        <Table caption="Sums of the bill and of the ledger">
          <TableHead>
            <Th>Amount</Th>
            <Th isNumeric>Bill</Th>
            <Th isNumeric>Ledger</Th>
            <Th isNumeric>Difference</Th>
          </TableHead>
          <TableBody>
            {result.totals.map(({ name, bill, ledger, difference }) => (
              <tr key={name}>
                <Td>{amountName(name)}</Td>
                <Td isNumeric>{amountText(name, bill)}</Td>
                <Td isNumeric>{amountText(name, ledger)}</Td>
                <Td isNumeric>{amountText(name, difference, true)}</Td>
              </tr>
            ))}
          </TableBody>
        </Table>
      </Card>
      {rows.length > 0 && (
        <Card>
          <h2 className="mb-3 text-base font-semibold">Where they differ</h2>
          <Table caption="Days and models on which the bill and the ledger differ">
            <TableHead>
              <Th>Day</Th>
              <Th>Model</Th>
              <Th>Why</Th>
              <Th>Difference</Th>
            </TableHead>
            <TableBody>{rows.slice(0, SHOWN_ROWS).flatMap((row) => rowsOf(row))}</TableBody>
          </Table>
          {rows.length > SHOWN_ROWS && (
            <p className="mt-3 text-muted">
              {formatCount(rows.length - SHOWN_ROWS)} more are in the file that can be saved.
            </p>
          )}
        </Card>
      )}
    </div>
  );
}

function Files({ files }: Pick<ReconciliationJson, 'files'>) {
  return (
    <Card>
      <h2 className="mb-3 text-base font-semibold">Files</h2>
      <Table caption="The files that the bill came in">
        <TableHead>
          <Th>File</Th>
          <Th>Taken for</Th>
          <Th isNumeric>Lines</Th>
          <Th isNumeric>Counted in another</Th>
        </TableHead>
        <TableBody>
          {files.map(({ name, format, lines, repeated_lines: repeated }) => (
            <tr key={name}>
              <Td className="min-w-36">
                <UntrustedText>{name}</UntrustedText>
              </Td>
              <Td>{format}</Td>
              <Td isNumeric>{formatCount(lines)}</Td>
              <Td isNumeric>{formatCount(repeated)}</Td>
            </tr>
          ))}
        </TableBody>
      </Table>
    </Card>
  );
}

function rowsOf({ day, model, findings }: Row) {
  return findings.map(({ kind, is_explained, meaning, amounts }) => (
    <tr key={`${day} ${model} ${kind}`}>
      <Td className="whitespace-nowrap tabular-nums">{day}</Td>
      <Td className="min-w-36">{model === null ? 'All models' : <UntrustedText>{model}</UntrustedText>}</Td>
      <Td>
        <span className="grid justify-items-start gap-1">
          <Badge tone={is_explained ? 'neutral' : 'danger'}>{kindName(kind)}</Badge>
          <span className="min-w-44 text-muted">{meaning}</span>
        </span>
      </Td>
      <Td>
        <ul className="grid gap-0.5 tabular-nums whitespace-nowrap">
          {Object.entries(amounts).map(([name, amount]) => (
            <li key={name}>
              {amountText(name, amount, true)} {name === 'cost' ? '' : amountName(name).toLowerCase()}
            </li>
          ))}
        </ul>
      </Td>
    </tr>
  ));
}

function Verdict({ result, unexplained }: { result: ReconciliationJson; unexplained: number }) {
  const { from, to, bill_lines: lines, generations, formats, rows } = result;
  const compared = `${formatCount(lines)} lines of ${formats.join(' and ')} and ${formatCount(generations)} requests, ${from} to ${to} (${result.time_zone}).`;
  if (unexplained === 0)
    return (
      <Alert tone={result.agrees ? 'success' : 'warning'} title="Nothing is unexplained">
        {compared}
      </Alert>
    );
  return (
    <Alert
      tone="danger"
      title={`${formatCount(unexplained)} of ${formatCount(rows.length)} days and models have something unexplained`}
    >
      {compared}
    </Alert>
  );
}
