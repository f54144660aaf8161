/** What callers said of the answer. */
import { useQuery } from '@tanstack/react-query';
import { Untrusted } from '../../shared/components/untrusted.tsx';
import { formatDateTime } from '../../shared/format/time.ts';
import { feedbackQuery } from './api/list-feedback.ts';

export function FeedbackPart({ id }: { id: string }) {
  const { data: feedback = [] } = useQuery(feedbackQuery(id));
  if (feedback.length === 0) return null;
  return (
    <section className="grid gap-2">
      <h3 className="font-semibold">Feedback</h3>
      <ul className="grid gap-2">
        {feedback.map(({ category, comment, created_at: at, api_key_hash: hash }) => (
          <li key={`${hash} ${category}`}>
            <span className="font-medium">{category.replaceAll('_', ' ')}</span>{' '}
            <time className="text-muted" dateTime={at}>
              {formatDateTime(at)}
            </time>
            {comment !== null && (
              <p className="whitespace-pre-wrap wrap-anywhere">
                <Untrusted>{comment}</Untrusted>
              </p>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
