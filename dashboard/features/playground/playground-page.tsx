/** One conversation with up to four models at once. What is asked is paid by one of one's own keys, and stands in the log. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { EmptyState } from '../../shared/components/empty-state.tsx';
import { LoadError } from '../../shared/components/load-error.tsx';
import { PageTitle } from '../../shared/components/page-title.tsx';
import { Loading } from '../../shared/components/spinner.tsx';
import { TextLink } from '../../shared/components/text-link.tsx';
import { useSession } from '../../shared/session/session-query.ts';
import { createPlaygroundKey, PLAYGROUND_LIMIT_USD } from './api/create-key.ts';
import { type ChatModel, chatModelsQuery } from './api/list-models.ts';
import { type OwnKey, ownKeysQuery } from './api/list-own-keys.ts';
import { CodeDialog } from './code-dialog.tsx';
import { Composer } from './composer.tsx';
import { bodyOf, type JsonObject, toolsOf } from './conversation.ts';
import { keep, keptOf } from './kept.ts';
import { playgroundSearchOf } from './settings.ts';
import { type ChangeSearch, ModelsAndKey, NewConversation, Parameters } from './settings-card.tsx';
import { TurnView } from './turn-view.tsx';
import { useConversation } from './use-conversation.ts';
import { usePinnedScroll } from './use-pinned-scroll.ts';

const TITLE = 'Playground';

export function PlaygroundPage() {
  const { user } = useSession();
  const models = useQuery(chatModelsQuery);
  const keys = useQuery(ownKeysQuery(user.id));
  const failed = [models, keys].find(({ isError }) => isError);
  if (models.isSuccess && keys.isSuccess && keys.data.length > 0 && models.data.length > 0)
    return <Playground models={models.data} keys={keys.data} userId={user.id} />;
  return (
    <>
      <PageTitle title={TITLE} />
      <Card>
        {failed !== undefined && failed.error !== null ? (
          <LoadError
            title="The Playground could not be loaded"
            error={failed.error}
            onRetry={() => void Promise.all([models.refetch(), keys.refetch()])}
          />
        ) : models.isPending || keys.isPending ? (
          <Loading label="Loading the Playground" />
        ) : models.data?.length === 0 ? (
          <EmptyState title="No model to talk to">
            <p>Switch a provider on first: its models show here.</p>
          </EmptyState>
        ) : (
          <NoKey userId={user.id} />
        )}
      </Card>
    </>
  );
}

/** A key of one's own pays, so that what is played is limited and found like everything else. */
function NoKey({ userId }: { userId: string }) {
  const queries = useQueryClient();
  const making = useMutation({
    mutationFn: createPlaygroundKey,
    onSuccess: () => queries.invalidateQueries({ queryKey: ownKeysQuery(userId).queryKey }),
  });
  return (
    <EmptyState
      title="The Playground is paid by a key of yours"
      action={
        <Button isBusy={making.isPending} onClick={() => making.mutate()}>
          Make a key for it
        </Button>
      }
    >
      <p>
        You have none that works. One of ${PLAYGROUND_LIMIT_USD} a month will do; its limit is changed under{' '}
        <TextLink to="/keys">Keys</TextLink>.
      </p>
      {making.isError && <Alert tone="danger">{messageOf(making.error)}</Alert>}
    </EmptyState>
  );
}

function Playground({
  models,
  keys,
  userId,
}: {
  models: readonly ChatModel[];
  keys: readonly OwnKey[];
  userId: string;
}) {
  const [kept] = useState(() => keptOf(userId));
  const search = playgroundSearchOf(useSearch({ strict: false }) as Record<string, unknown>);
  const navigate = useNavigate();
  const [system, setSystem] = useState(kept.system);
  const [tools, setTools] = useState(kept.tools);
  const [draft, setDraft] = useState(kept.draft);
  const [code, setCode] = useState<JsonObject | null>(null);
  const conversation = useConversation(kept.turns);
  const { turns } = conversation;
  const scroll = usePinnedScroll(turns);
  useEffect(() => keep(userId, { turns, system, tools, draft }), [userId, turns, system, tools, draft]);

  const chosen = search.models.length > 0 ? search.models : firstOf(models);
  const keyHash = keys.find(({ hash }) => hash === search.keyHash)?.hash ?? keys[0]?.hash ?? '';
  const settings = { ...search, system, tools };
  const asking = { models: chosen, keyHash, settings };
  const change: ChangeSearch = (changes) =>
    void navigate({
      to: '/playground' as '/',
      search: ((all: object) => ({ ...all, ...changes })) as never,
      replace: true,
      resetScroll: false,
    });
  const cannotSend = toolsOf(tools) === null ? 'The tools are no JSON list.' : null;
  const takesPictures = chosen.every((id) =>
    models.find((model) => model.id === id)?.architecture.input_modalities.includes('image'),
  );
  const nextCode = () =>
    setCode(
      bodyOf(chosen[0] ?? '', settings, [
        ...turns,
        { id: '', text: draft || 'Hello!', pictures: [], answers: {} },
      ]),
    );
  return (
    <>
      <PageTitle
        title={TITLE}
        description="Up to four models beside each other. Nothing of it is stored but what the log has of every request; the conversation ends with this tab."
        actions={
          <>
            <Button variant="secondary" onClick={nextCode}>
              View code
            </Button>
            {turns.length > 0 && <NewConversation onClear={conversation.clear} />}
          </>
        }
      />
      {/* What has the focus is not to lie behind the composer. */}
      <div className="grid grid-cols-1 gap-4 [&_:is(a,button,input,select,summary,textarea)]:scroll-mb-52">
        <Card>
          <ModelsAndKey
            search={{ ...search, models: chosen }}
            models={models}
            keys={keys}
            keyHash={keyHash}
            onChange={change}
          />
          <details className="mt-3 border-t border-border pt-1">
            <summary className="py-2.5 font-medium">System prompt and parameters</summary>
            <Parameters
              search={search}
              system={system}
              tools={tools}
              onChange={change}
              onSystem={setSystem}
              onTools={setTools}
            />
          </details>
        </Card>
        {turns.length > 0 && (
          <ol aria-label="Conversation" className="grid grid-cols-1 gap-5">
            {turns.map((turn) => (
              <TurnView
                key={turn.id}
                turn={turn}
                onChangeText={conversation.changeText}
                onAskAgain={(id, text) => conversation.askAgain(asking, id, text)}
                onRemove={conversation.remove}
                onRetry={(id, model) => conversation.retry(asking, id, model)}
                onChangeAnswer={conversation.changeAnswer}
                onSendResults={(id, model) => conversation.sendResults(asking, id, model)}
                onCode={(id, model) =>
                  setCode(
                    bodyOf(model, settings, turns.slice(0, turns.findIndex((each) => each.id === id) + 1)),
                  )
                }
              />
            ))}
          </ol>
        )}
        <Composer
          draft={draft}
          onDraft={setDraft}
          isRunning={conversation.isRunning}
          cannotSend={cannotSend}
          takesPictures={takesPictures}
          onStop={conversation.stop}
          onSend={(text, pictures) => {
            scroll.pin();
            conversation.send(asking, text, pictures);
          }}
        />
        <p role="status" className="sr-only">
          {conversation.isRunning ? 'Answering' : turns.length > 0 ? 'Answered' : ''}
        </p>
      </div>
      {code !== null && <CodeDialog body={code} onClose={() => setCode(null)} />}
    </>
  );
}

const firstOf = (models: readonly ChatModel[]): string[] => models.slice(0, 1).map(({ id }) => id);
