/** ⌘K: finds pages, keys, models and requests by their id, and goes there. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Command } from 'cmdk';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { CubeIcon, KeyboardIcon, KeyIcon, ListIcon, SearchIcon } from '../shared/components/icons.tsx';
import { plainName } from '../shared/components/untrusted.tsx';
import { hasRole, useSession } from '../shared/session/session-query.ts';
import { NAVIGATION } from './navigation.ts';
import { foundKeysQuery, foundModelsQuery } from './palette-queries.ts';

/** More than that nobody reads. */
const MAX_FOUND = 8;
/** As our ids of requests look, whole or begun. */
const GENERATION_ID = /^gen-[\w-]{6,80}$/;

export function Palette({ onClose, onShortcuts }: { onClose: () => void; onShortcuts: () => void }) {
  const ref = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const session = useSession();
  const navigate = useNavigate();
  const keys = useQuery(foundKeysQuery);
  const models = useQuery(foundModelsQuery);
  useEffect(() => {
    const before = document.activeElement;
    ref.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const go = (to: string, search: Record<string, string> = {}) => {
    onClose();
    void navigate({ to: to as '/', search: search as never });
  };
  const wanted = text.trim().toLowerCase();
  const has = (...words: readonly string[]) => words.some((word) => word.toLowerCase().includes(wanted));
  const pages = NAVIGATION.flatMap(({ entries }) => entries).filter(
    ({ role, label, keywords = [] }) => hasRole(session, role) && has(label, ...keywords),
  );
  const hasModelsPage = NAVIGATION.some(({ entries }) => entries.some(({ to }) => to === '/models'));
  const foundKeys =
    wanted === '' ? [] : (keys.data ?? []).filter((key) => has(key.name, key.label, key.hash));
  const foundModels =
    wanted === '' || !hasModelsPage ? [] : (models.data ?? []).filter(({ id, name }) => has(id, name));
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape is the keyboard's way, through onCancel
    <dialog
      ref={ref}
      aria-label="Search"
      className="mx-auto mt-[12vh] mb-auto w-[calc(100vw-2rem)] max-w-xl overflow-hidden rounded-xl border border-border bg-surface p-0 text-text shadow-floating"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
    >
      <Command label="Search" shouldFilter={false} loop>
        <div className="flex items-center gap-2.5 border-b border-border px-4 text-muted">
          <SearchIcon />
          <Command.Input
            value={text}
            onValueChange={setText}
            autoFocus
            placeholder="Search pages, keys, models, or paste a request’s id"
            className="field-text h-12 min-w-0 flex-1 bg-transparent text-text outline-none placeholder:text-muted"
          />
        </div>
        <Command.List className="max-h-[50vh] overflow-y-auto p-2 [&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:py-1.5 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-muted">
          <Command.Empty className="px-2.5 py-6 text-center text-muted">
            Nothing is called “{plainName(text)}”.
          </Command.Empty>
          {GENERATION_ID.test(wanted) && (
            <Command.Group heading="Requests">
              <Found icon={<ListIcon />} value={wanted} onSelect={() => go('/logs', { id: text.trim() })}>
                Request {plainName(text)}
              </Found>
            </Command.Group>
          )}
          {pages.length > 0 && (
            <Command.Group heading="Pages">
              {pages.map(({ to, label, Icon }) => (
                <Found key={to} icon={<Icon />} value={to} onSelect={() => go(to)}>
                  {label}
                </Found>
              ))}
              {has('Keyboard shortcuts') && (
                <Found icon={<KeyboardIcon />} value="shortcuts" onSelect={onShortcuts}>
                  Keyboard shortcuts
                </Found>
              )}
            </Command.Group>
          )}
          {foundKeys.length > 0 && (
            <Command.Group heading="Keys">
              {foundKeys.slice(0, MAX_FOUND).map(({ hash, name, label }) => (
                <Found key={hash} icon={<KeyIcon />} value={hash} onSelect={() => go(`/keys/${hash}`)}>
                  {plainName(name) || label} <span className="font-mono text-xs text-muted">{label}</span>
                </Found>
              ))}
            </Command.Group>
          )}
          {foundModels.length > 0 && (
            <Command.Group heading="Models">
              {foundModels.slice(0, MAX_FOUND).map(({ id, name }) => (
                <Found key={id} icon={<CubeIcon />} value={id} onSelect={() => go(`/models/${id}`)}>
                  {plainName(name)} <span className="font-mono text-xs text-muted">{id}</span>
                </Found>
              ))}
            </Command.Group>
          )}
        </Command.List>
      </Command>
    </dialog>
  );
}

function Found({
  icon,
  value,
  onSelect,
  children,
}: {
  icon: ReactNode;
  value: string;
  onSelect: () => void;
  children: ReactNode;
}) {
  return (
    <Command.Item
      value={value}
      onSelect={onSelect}
      className="control-height flex cursor-pointer items-center gap-2.5 rounded-md px-2.5 text-text data-[selected=true]:bg-raised"
    >
      <span className="text-muted">{icon}</span>
      <span className="min-w-0 truncate">{children}</span>
    </Command.Item>
  );
}
