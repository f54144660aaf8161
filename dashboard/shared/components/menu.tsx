/**
 * What one may do with a thing, behind one button. Not modal: Radix' modal menus inject a style element to stop scrolling, which our
 * policy forbids.
 */
import { DropdownMenu } from 'radix-ui';
import type { ReactNode } from 'react';
import { CheckIcon } from './icons.tsx';

export interface MenuItem {
  readonly label: string;
  readonly onSelect: () => void;
  /** Cannot be taken back: stands apart, in red. */
  readonly isDanger?: boolean;
  readonly isDisabled?: boolean;
  /** One of several, of which one holds. */
  readonly isChecked?: boolean;
}

/** `children` is the button that opens it. */
export function Menu({ items, children }: { items: readonly MenuItem[]; children: ReactNode }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{children}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          sideOffset={4}
          collisionPadding={8}
          className="z-40 grid min-w-44 rounded-lg border border-border bg-surface p-1 shadow-floating"
        >
          {items.map((item) => (
            <MenuLine key={item.label} {...item} />
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

function MenuLine({ label, onSelect, isDanger = false, isDisabled = false, isChecked }: MenuItem) {
  const className = `control-height flex items-center gap-2 rounded-md px-2.5 py-1.5 outline-none data-highlighted:bg-raised data-disabled:opacity-60 ${isDanger ? 'text-danger-text' : ''}`;
  if (isChecked === undefined) {
    return (
      <DropdownMenu.Item className={className} disabled={isDisabled} onSelect={onSelect}>
        {label}
      </DropdownMenu.Item>
    );
  }
  return (
    <DropdownMenu.CheckboxItem
      className={className}
      disabled={isDisabled}
      checked={isChecked}
      onSelect={onSelect}
    >
      <span className="flex size-4 items-center">
        <DropdownMenu.ItemIndicator>
          <CheckIcon />
        </DropdownMenu.ItemIndicator>
      </span>
      {label}
    </DropdownMenu.CheckboxItem>
  );
}
