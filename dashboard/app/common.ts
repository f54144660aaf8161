/**
 * What most pages are made of, loaded with the frame: shared between pages in files of its own it would cost a dozen requests of a
 * kilobyte each.
 */
import * as alert from '../shared/components/alert.tsx';
import * as badge from '../shared/components/badge.tsx';
import * as card from '../shared/components/card.tsx';
import * as choice from '../shared/components/choice.tsx';
import * as codeBlock from '../shared/components/code-block.tsx';
import * as codeSamples from '../shared/components/code-samples.tsx';
import * as copyButton from '../shared/components/copy-button.tsx';
import * as emptyState from '../shared/components/empty-state.tsx';
import * as facts from '../shared/components/facts.tsx';
import * as field from '../shared/components/field.tsx';
import * as formDialog from '../shared/components/form-dialog.tsx';
import * as loadError from '../shared/components/load-error.tsx';
import * as meter from '../shared/components/meter.tsx';
import * as pageTitle from '../shared/components/page-title.tsx';
import * as radioField from '../shared/components/radio-field.tsx';
import * as roleGate from '../shared/components/role-gate.tsx';
import * as select from '../shared/components/select.tsx';
import * as spinner from '../shared/components/spinner.tsx';
import * as table from '../shared/components/table.tsx';
import * as textArea from '../shared/components/text-area.tsx';
import * as textLink from '../shared/components/text-link.tsx';
import * as untrusted from '../shared/components/untrusted.tsx';
import * as count from '../shared/format/count.ts';
import * as money from '../shared/format/money.ts';
import * as time from '../shared/format/time.ts';
import * as amount from '../shared/forms/amount.ts';
import * as expiry from '../shared/forms/expiry-field.tsx';
import * as form from '../shared/forms/use-form.ts';
import * as ending from '../shared/requests/ending-badge.tsx';

export const COMMON = [
  ...[alert, badge, card, choice, codeBlock, codeSamples, copyButton, emptyState, facts, field],
  ...[
    formDialog,
    loadError,
    meter,
    pageTitle,
    radioField,
    roleGate,
    select,
    spinner,
    table,
    textArea,
    textLink,
  ],
  ...[untrusted, count, money, time, amount, expiry, form, ending],
];
