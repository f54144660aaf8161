/** What was asked, and beside each other what the models said to it. */
import { useState } from 'react';
import { Button } from '../../shared/components/button.tsx';
import type { Answer } from './answer.ts';
import { AnswerView } from './answer-view.tsx';
import type { Turn } from './conversation.ts';
import { EditBox } from './edit-box.tsx';

const COLUMNS = ['', '', 'lg:grid-cols-2', 'lg:grid-cols-2 xl:grid-cols-3', 'lg:grid-cols-2 xl:grid-cols-4'];

export interface TurnActions {
  readonly onChangeText: (turnId: string, text: string) => void;
  readonly onAskAgain: (turnId: string, text: string) => void;
  readonly onRemove: (turnId: string) => void;
  readonly onRetry: (turnId: string, model: string) => void;
  readonly onChangeAnswer: (turnId: string, model: string, change: (answer: Answer) => Answer) => void;
  readonly onSendResults: (turnId: string, model: string) => void;
  readonly onCode: (turnId: string, model: string) => void;
}

export function TurnView({ turn, ...actions }: TurnActions & { turn: Turn }) {
  const answers = Object.entries(turn.answers);
  const { id } = turn;
  return (
    <li className="grid grid-cols-1 gap-3">
      <Asked turn={turn} {...actions} />
      <div className={`grid grid-cols-1 items-start gap-3 ${COLUMNS[answers.length] ?? ''}`}>
        {answers.map(([model, answer]) => (
          <AnswerView
            key={model}
            model={model}
            answer={answer}
            onRetry={() => actions.onRetry(id, model)}
            onChange={(change) => actions.onChangeAnswer(id, model, change)}
            onSendResults={() => actions.onSendResults(id, model)}
            onCode={() => actions.onCode(id, model)}
          />
        ))}
      </div>
    </li>
  );
}

function Asked({ turn, ...actions }: TurnActions & { turn: Turn }) {
  const [isEditing, setEditing] = useState(false);
  const { id, text, pictures } = turn;
  return (
    <section aria-label="Your message" className="grid gap-2 rounded-lg bg-raised p-4">
      {isEditing ? (
        <EditBox
          label="Your message"
          text={text ?? ''}
          onSave={(changed) => {
            actions.onChangeText(id, changed);
            setEditing(false);
          }}
          onAskAgain={(changed) => {
            setEditing(false);
            actions.onAskAgain(id, changed);
          }}
          onCancel={() => setEditing(false)}
        />
      ) : (
        <p className="max-h-96 overflow-y-auto whitespace-pre-wrap wrap-anywhere">
          {text ?? 'The results of the tools'}
        </p>
      )}
      {pictures.length > 0 && (
        <div className="flex flex-wrap gap-2">
          {pictures.map((url, at) => (
            <img
              key={url}
              src={url}
              alt={`Attachment ${at + 1}`}
              className="h-24 max-w-48 rounded-md object-contain"
            />
          ))}
        </div>
      )}
      {!isEditing && (
        <div className="-mx-2 -mb-2 flex">
          {text !== null && (
            <Button variant="ghost" aria-label="Edit your message" onClick={() => setEditing(true)}>
              Edit
            </Button>
          )}
          <Button
            variant="ghost"
            aria-label="Delete your message and its answers"
            onClick={() => actions.onRemove(id)}
          >
            Delete
          </Button>
        </div>
      )}
    </section>
  );
}
