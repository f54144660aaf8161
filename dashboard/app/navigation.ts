/** Where one can go: the menu, and what ⌘K finds, are made of this list. A page's entry is one line in its section. */
import type { ReactNode } from 'react';
import {
  ActivityIcon,
  AlertIcon,
  AppsIcon,
  ArchiveIcon,
  BadgeIcon,
  BellIcon,
  BuildingIcon,
  ChatIcon,
  CreditCardIcon,
  CubeIcon,
  DownloadIcon,
  FeedbackIcon,
  FolderIcon,
  GridIcon,
  HistoryIcon,
  HomeIcon,
  KeyIcon,
  ListIcon,
  PlugIcon,
  ScaleIcon,
  ServerIcon,
  ShieldIcon,
  ShieldKeyIcon,
  SyncIcon,
  UserIcon,
  UsersIcon,
  WalletIcon,
} from '../shared/components/icons.tsx';
import type { Role } from '../shared/session/session-query.ts';

export interface Entry {
  readonly to: string;
  readonly label: string;
  readonly Icon: () => ReactNode;
  /** Who sees it at least. */
  readonly role: Role;
  /** Other words that people look for it by. */
  readonly keywords?: readonly string[];
}

export interface Section {
  /** Absent: the first, which needs none. */
  readonly title?: string;
  readonly entries: readonly Entry[];
}

export const NAVIGATION: readonly Section[] = [
  {
    entries: [
      {
        to: '/',
        label: 'Overview',
        Icon: HomeIcon,
        role: 'member',
        keywords: ['home', 'spend', 'dashboard'],
      },
      {
        to: '/activity',
        label: 'Activity',
        Icon: ActivityIcon,
        role: 'member',
        keywords: ['usage', 'costs', 'charts'],
      },
      { to: '/keys', label: 'Keys', Icon: KeyIcon, role: 'member', keywords: ['API key', 'secret'] },
      { to: '/logs', label: 'Logs', Icon: ListIcon, role: 'member', keywords: ['requests', 'generations'] },
      {
        ...{ to: '/playground', label: 'Playground', Icon: ChatIcon, role: 'member' },
        keywords: ['chat', 'try'],
      },
      {
        ...{ to: '/apps', label: 'Apps', Icon: AppsIcon, role: 'member' },
        keywords: ['OAuth', 'revoke', 'access', 'grants'],
      },
      {
        to: '/exports',
        label: 'Exports',
        Icon: DownloadIcon,
        role: 'member',
        keywords: ['CSV', 'FOCUS', 'bill'],
      },
      {
        ...{ to: '/reconciliation', label: 'Reconciliation', Icon: ScaleIcon, role: 'admin' },
        keywords: ['bill', 'invoice', 'compare', 'drift', 'costs'],
      },
      {
        ...{ to: '/feedback', label: 'Feedback', Icon: FeedbackIcon, role: 'admin' },
        keywords: ['complaints', 'reports'],
      },
      { to: '/models', label: 'Models', Icon: CubeIcon, role: 'member', keywords: ['prices', 'providers'] },
    ],
  },
  {
    title: 'Settings',
    entries: [
      {
        ...{ to: '/settings/account', label: 'Account', Icon: UserIcon, role: 'member' },
        keywords: ['password', 'passkeys', 'sessions', 'profile'],
      },
      {
        ...{ to: '/settings/notifications', label: 'Notifications', Icon: BellIcon, role: 'member' },
        keywords: ['webhooks', 'alerts', 'mail', 'Slack'],
      },
      {
        ...{ to: '/settings/organisation', label: 'Organisation', Icon: BuildingIcon, role: 'admin' },
        keywords: ['name', 'company', 'logo', 'time zone'],
      },
      {
        ...{ to: '/credits', label: 'Credits', Icon: CreditCardIcon, role: 'admin' },
        keywords: ['billing', 'buy', 'balance', 'top-up', 'invoices', 'receipts', 'payment'],
      },
      {
        ...{ to: '/settings/content', label: 'Prompts and answers', Icon: ArchiveIcon, role: 'admin' },
        keywords: ['content logging', 'privacy', 'retention'],
      },
      {
        ...{ to: '/settings/byok', label: 'Provider keys', Icon: PlugIcon, role: 'admin' },
        keywords: ['BYOK', 'bring your own key', 'providers', 'OpenAI', 'Anthropic'],
      },
      {
        ...{ to: '/settings/guardrails', label: 'Guardrails', Icon: ShieldIcon, role: 'admin' },
        keywords: ['policy', 'allowed models', 'privacy', 'filters', 'budgets'],
      },
      {
        ...{ to: '/settings/budgets', label: 'Budgets', Icon: WalletIcon, role: 'member' },
        keywords: ['limits', 'rate limits', 'spend', 'alerts', 'tags'],
      },
      {
        ...{ to: '/settings/management-keys', label: 'Management keys', Icon: ShieldKeyIcon, role: 'admin' },
        keywords: ['provisioning'],
      },
      {
        ...{ to: '/settings/key-report', label: 'Keys to look at', Icon: AlertIcon, role: 'admin' },
        keywords: ['stale', 'unused', 'leaked', 'report'],
      },
      {
        ...{ to: '/settings/workspaces', label: 'Workspaces', Icon: FolderIcon, role: 'member' },
        keywords: ['teams', 'projects', 'slug'],
      },
      {
        to: '/settings/members',
        label: 'Members',
        Icon: UsersIcon,
        role: 'admin',
        keywords: ['people', 'invite'],
      },
      {
        ...{ to: '/settings/scim', label: 'SCIM', Icon: SyncIcon, role: 'admin' },
        keywords: ['Okta', 'Entra', 'identity provider', 'groups', 'provisioning'],
      },
      {
        ...{ to: '/settings/apps', label: 'Registered apps', Icon: GridIcon, role: 'admin' },
        keywords: ['OAuth', 'client'],
      },
      {
        ...{ to: '/settings/providers', label: 'Providers', Icon: ServerIcon, role: 'admin' },
        keywords: ['health', 'credentials', 'rate limits', 'benched'],
      },
      {
        ...{ to: '/settings/workload-identity', label: 'Workload identity', Icon: BadgeIcon, role: 'admin' },
        keywords: ['OIDC', 'issuers', 'CI'],
      },
      {
        ...{ to: '/settings/audit', label: 'Audit log', Icon: HistoryIcon, role: 'admin' },
        keywords: ['who', 'changes', 'history', 'compliance'],
      },
    ],
  },
];

/** Each path is judged by the longest entry that it lies in: `/keys/<hash>` is part of Keys. */
export function entryOf(path: string): Entry | undefined {
  return NAVIGATION.flatMap(({ entries }) => entries)
    .filter(({ to }) => path === to || (to !== '/' && path.startsWith(`${to}/`)))
    .sort((a, b) => b.to.length - a.to.length)[0];
}
