/** Chooses light, dark or the system's theme. */
import { useId, useState } from 'react';
import { readTheme, rememberTheme, type Theme } from '../theme/theme.ts';
import { MonitorIcon, MoonIcon, SunIcon } from './icons.tsx';

const CHOICES = [
  { theme: 'system', label: 'As the system', Icon: MonitorIcon },
  { theme: 'light', label: 'Light', Icon: SunIcon },
  { theme: 'dark', label: 'Dark', Icon: MoonIcon },
] as const;

export function ThemeToggle() {
  const [theme, setTheme] = useState<Theme>(readTheme);
  const name = useId();
  return (
    <fieldset className="inline-flex rounded-lg border border-border bg-surface p-0.5">
      <legend className="sr-only">Theme</legend>
      {CHOICES.map(({ theme: each, label, Icon }) => (
        <label
          key={each}
          title={label}
          className="control-height flex aspect-square cursor-pointer items-center justify-center rounded-md text-muted hover:text-text has-checked:bg-raised has-checked:text-text has-focus-visible:outline-2 has-focus-visible:outline-link"
        >
          <input
            type="radio"
            name={name}
            className="sr-only"
            checked={theme === each}
            onChange={() => {
              rememberTheme(each);
              setTheme(each);
            }}
          />
          <span className="sr-only">{label}</span>
          <Icon />
        </label>
      ))}
    </fieldset>
  );
}
