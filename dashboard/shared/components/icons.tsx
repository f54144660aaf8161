/** Lucide's pictures for buttons and lists: 16 by 16, in the colour of the text, silent to screen readers. Those in use, by our names. */

import type { LucideIcon } from 'lucide-react';
import * as lucide from 'lucide-react';

const small = (Picture: LucideIcon) =>
  function Icon() {
    return <Picture className="size-4 shrink-0" strokeWidth={1.75} aria-hidden="true" />;
  };

export const ActivityIcon = small(lucide.ChartColumn);
export const AlertIcon = small(lucide.TriangleAlert);
export const ArchiveIcon = small(lucide.Archive);
export const AppsIcon = small(lucide.AppWindow);
export const BadgeIcon = small(lucide.IdCard);
export const BellIcon = small(lucide.Bell);
export const BuildingIcon = small(lucide.Building2);
export const ChatIcon = small(lucide.MessagesSquare);
export const CheckCircleIcon = small(lucide.CircleCheck);
export const CheckIcon = small(lucide.Check);
export const ChevronDownIcon = small(lucide.ChevronDown);
export const ChevronRightIcon = small(lucide.ChevronRight);
export const CloseIcon = small(lucide.X);
export const CopyIcon = small(lucide.Copy);
export const CreditCardIcon = small(lucide.CreditCard);
export const CubeIcon = small(lucide.Box);
export const DownIcon = small(lucide.ArrowDown);
export const DownloadIcon = small(lucide.Download);
export const EyeIcon = small(lucide.Eye);
export const EyeOffIcon = small(lucide.EyeOff);
export const FeedbackIcon = small(lucide.MessageSquareWarning);
export const FilterIcon = small(lucide.ListFilter);
export const FolderIcon = small(lucide.Folders);
export const GlobeIcon = small(lucide.Globe);
export const GridIcon = small(lucide.LayoutGrid);
export const HistoryIcon = small(lucide.History);
export const GripIcon = small(lucide.GripVertical);
export const HomeIcon = small(lucide.House);
export const InfoIcon = small(lucide.Info);
export const KeyIcon = small(lucide.KeyRound);
export const KeyboardIcon = small(lucide.Keyboard);
export const LaptopIcon = small(lucide.Laptop);
export const ListIcon = small(lucide.List);
export const MenuIcon = small(lucide.Menu);
export const MinusIcon = small(lucide.Minus);
export const MonitorIcon = small(lucide.Monitor);
export const MoonIcon = small(lucide.Moon);
export const MoreIcon = small(lucide.Ellipsis);
export const PasskeyIcon = small(lucide.Fingerprint);
export const PlugIcon = small(lucide.Plug);
export const PlusIcon = small(lucide.Plus);
export const ScaleIcon = small(lucide.Scale);
export const SearchIcon = small(lucide.Search);
export const ServerIcon = small(lucide.Server);
export const ShieldIcon = small(lucide.ListChecks);
export const ShieldKeyIcon = small(lucide.ShieldCheck);
export const SignOutIcon = small(lucide.LogOut);
export const SunIcon = small(lucide.Sun);
export const SyncIcon = small(lucide.RefreshCw);
export const TrashIcon = small(lucide.Trash2);
export const UpDownIcon = small(lucide.ArrowUpDown);
export const UpIcon = small(lucide.ArrowUp);
export const UserIcon = small(lucide.User);
export const UsersIcon = small(lucide.Users);
export const WalletIcon = small(lucide.Wallet);
