/** The pictures on buttons and in lists: 16 by 16, in the colour of the text, silent to screen readers. */
import type { ReactNode } from 'react';

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg
      className="size-4 shrink-0"
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export const CheckIcon = () => (
  <Icon>
    <path d="m3.5 8.5 3 3 6-7" />
  </Icon>
);

export const CheckCircleIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="6.25" />
    <path d="m5.25 8.25 2 2 3.5-4" />
  </Icon>
);

export const AlertIcon = () => (
  <Icon>
    <path d="M8 2 1.75 13.250h12.500L8 2Z" />
    <path d="M8 6.500v3" />
    <path d="M8 11.400v.1" />
  </Icon>
);

export const InfoIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="6.25" />
    <path d="M8 7.500v3.5" />
    <path d="M8 5v.1" />
  </Icon>
);

export const CloseIcon = () => (
  <Icon>
    <path d="m4 4 8 8" />
    <path d="m12 4-8 8" />
  </Icon>
);

export const CopyIcon = () => (
  <Icon>
    <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
    <path d="M3.5 10.500h-.250a1 1 0 0 1-1-1v-6a1.25 1.25 0 0 1 1.25-1.250h6a1 1 0 0 1 1 1v.25" />
  </Icon>
);

export const EyeIcon = () => (
  <Icon>
    <path d="M1.5 8S4 3.75 8 3.75 14.5 8 14.5 8 12 12.25 8 12.25 1.5 8 1.5 8Z" />
    <circle cx="8" cy="8" r="1.75" />
  </Icon>
);

export const EyeOffIcon = () => (
  <Icon>
    <path d="M1.5 8S4 3.75 8 3.75 14.5 8 14.5 8 12 12.25 8 12.25 1.5 8 1.5 8Z" />
    <path d="m2.5 13.5 11-11" />
  </Icon>
);

export const ChevronDownIcon = () => (
  <Icon>
    <path d="m4 6 4 4 4-4" />
  </Icon>
);

export const MenuIcon = () => (
  <Icon>
    <path d="M2 4.500h12" />
    <path d="M2 8h12" />
    <path d="M2 11.500h12" />
  </Icon>
);

export const KeyIcon = () => (
  <Icon>
    <circle cx="5" cy="11" r="2.75" />
    <path d="m7 9 6.25-6.25" />
    <path d="m10.5 5.5 2 2" />
  </Icon>
);

export const ListIcon = () => (
  <Icon>
    <path d="M5.5 4h8.5" />
    <path d="M5.5 8h8.5" />
    <path d="M5.5 12h8.5" />
    <path d="M2 4h.1" />
    <path d="M2 8h.1" />
    <path d="M2 12h.1" />
  </Icon>
);

export const UserIcon = () => (
  <Icon>
    <circle cx="8" cy="5" r="2.75" />
    <path d="M2.5 14c.4-3 2.6-4.5 5.5-4.500s5.1 1.5 5.5 4.5" />
  </Icon>
);

export const UsersIcon = () => (
  <Icon>
    <circle cx="6" cy="5.25" r="2.5" />
    <path d="M1.25 13.500c.3-2.7 2.2-4 4.75-4s4.45 1.3 4.75 4" />
    <path d="M10.5 2.900a2.5 2.5 0 0 1 0 4.7" />
    <path d="M12.25 9.750c1.5.6 2.35 1.9 2.5 3.75" />
  </Icon>
);

export const GridIcon = () => (
  <Icon>
    <rect x="2" y="2" width="5" height="5" rx="1" />
    <rect x="9" y="2" width="5" height="5" rx="1" />
    <rect x="2" y="9" width="5" height="5" rx="1" />
    <rect x="9" y="9" width="5" height="5" rx="1" />
  </Icon>
);

export const BadgeIcon = () => (
  <Icon>
    <rect x="2" y="3" width="12" height="10" rx="1.5" />
    <circle cx="5.75" cy="7" r="1.25" />
    <path d="M3.75 10.750c.3-1 1-1.5 2-1.500s1.7.5 2 1.5" />
    <path d="M10 6.500h2" />
    <path d="M10 9.500h2" />
  </Icon>
);

export const SignOutIcon = () => (
  <Icon>
    <path d="M6.5 2.250h-3a1 1 0 0 0-1 1v9.500a1 1 0 0 0 1 1h3" />
    <path d="m10 5 3 3-3 3" />
    <path d="M13 8H6" />
  </Icon>
);

export const SunIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="2.75" />
    <path d="M8 1.500v1M8 13.500v1M1.5 8h1M13.5 8h1M3.4 3.400l.7.7M11.9 11.900l.7.7M3.4 12.600l.7-.7M11.9 4.100l.7-.7" />
  </Icon>
);

export const MoonIcon = () => (
  <Icon>
    <path d="M13.5 9.500A6 6 0 0 1 6.5 2.500a6 6 0 1 0 7 7Z" />
  </Icon>
);

export const MonitorIcon = () => (
  <Icon>
    <rect x="1.75" y="2.75" width="12.5" height="8.5" rx="1" />
    <path d="M5.5 13.750h5" />
    <path d="M8 11.250v2.5" />
  </Icon>
);

export const LaptopIcon = () => (
  <Icon>
    <rect x="3" y="3" width="10" height="7" rx="1" />
    <path d="M1.5 12.750h13" />
  </Icon>
);

export const PasskeyIcon = () => (
  <Icon>
    <circle cx="6" cy="5" r="2.75" />
    <path d="M1.25 13.500c.3-2.6 2-4 4.5-4" />
    <circle cx="11.75" cy="8.5" r="2" />
    <path d="M11.75 10.500V14.5" />
    <path d="M11.75 12.500h1.5" />
  </Icon>
);

export const PlusIcon = () => (
  <Icon>
    <path d="M8 3v10" />
    <path d="M3 8h10" />
  </Icon>
);

export const TrashIcon = () => (
  <Icon>
    <path d="M2.5 4.250h11" />
    <path d="M6 4V2.500h4V4" />
    <path d="m4 4.5.6 8.500a1 1 0 0 0 1 .9h4.800a1 1 0 0 0 1-.9l.6-8.5" />
  </Icon>
);

export const GlobeIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="6.25" />
    <path d="M1.75 8h12.5" />
    <path d="M8 1.75c-4.5 4.5-4.5 8 0 12.5 4.5-4.5 4.5-8 0-12.5Z" />
  </Icon>
);
