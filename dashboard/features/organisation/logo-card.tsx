/** The organisation's picture: shown, replaced and removed. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { messageOf } from '../../shared/api/request.ts';
import { Alert } from '../../shared/components/alert.tsx';
import { Button } from '../../shared/components/button.tsx';
import { Card } from '../../shared/components/card.tsx';
import { BuildingIcon } from '../../shared/components/icons.tsx';
import { useToast } from '../../shared/components/toast.tsx';
import { sessionQuery, useSession } from '../../shared/session/session-query.ts';
import { changeLogo, removeLogo } from './api/change-organisation.ts';

const MAX_BYTES = 1024 * 1024;

export function LogoCard() {
  const { account } = useSession();
  const queries = useQueryClient();
  const toast = useToast();
  const input = useRef<HTMLInputElement>(null);
  const saved = async (text: string) => {
    await queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
    toast(text);
  };
  const uploading = useMutation({
    mutationFn: async (file: File) => await changeLogo(await base64Of(file)),
    onSuccess: () => saved('The logo is changed'),
  });
  const removing = useMutation({ mutationFn: removeLogo, onSuccess: () => saved('The logo is removed') });
  const error = uploading.error ?? removing.error;
  return (
    <Card
      title="Logo"
      description="A PNG, JPEG or WebP of at most 1 MB, square at best. It stands beside the name in the menu."
    >
      <div className="grid gap-4">
        {error !== null && <Alert tone="danger">{problemOf(error)}</Alert>}
        <div className="flex flex-wrap items-center gap-4">
          <span className="flex size-16 shrink-0 items-center justify-center overflow-hidden rounded-lg border border-border bg-raised text-muted">
            {account.logo === null ? (
              <BuildingIcon />
            ) : (
              <img src={account.logo} alt="The present logo" className="size-full object-contain" />
            )}
          </span>
          <input
            ref={input}
            type="file"
            accept="image/png,image/jpeg,image/webp"
            className="sr-only"
            aria-label="Picture of the logo"
            tabIndex={-1}
            onChange={({ target }) => {
              const file = target.files?.[0];
              removing.reset();
              if (file !== undefined) uploading.mutate(file);
              // The same file may be chosen again, once it was mended.
              target.value = '';
            }}
          />
          <Button variant="secondary" isBusy={uploading.isPending} onClick={() => input.current?.click()}>
            {account.logo === null ? 'Upload a logo' : 'Replace'}
          </Button>
          {account.logo !== null && (
            <Button
              variant="ghost"
              isBusy={removing.isPending}
              onClick={() => {
                uploading.reset();
                removing.mutate();
              }}
            >
              Remove
            </Button>
          )}
        </div>
      </div>
    </Card>
  );
}

class TooLarge extends Error {}

/** The gateway's words are about a field of a form: here there is but one. */
function problemOf(error: Error): string {
  if (error instanceof TooLarge) return 'This file has more than 1 MB. Choose a smaller picture.';
  return messageOf(error).replace(/^image: /, 'The picture ');
}

async function base64Of(file: File): Promise<string> {
  if (file.size > MAX_BYTES) throw new TooLarge();
  const address = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error('The file cannot be read'));
    reader.readAsDataURL(file);
  });
  return address.slice(address.indexOf(',') + 1);
}
