import { parseInstant, type Instant } from '#std';
import type { Column, KubeObject } from '#model';

/** How kubectl and the server write a span of time: the two coarsest units that matter. */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (hours < 192) return two(days, 'd', hours % 24, 'h');
  if (hours < 24 * 365 * 2) return `${days}d`;
  const years = Math.floor(days / 365);
  if (hours < 24 * 365 * 8) return two(years, 'y', days % 365, 'd');
  return `${years}y`;
}
function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
}

/** How long ago a time was; `<unknown>` when it is none. */
export function since(time: string | undefined | null, now: Instant): string {
  const at = parseInstant(time);
  return at === undefined ? '<unknown>' : humanDuration(now - at);
}

type Cell<T extends KubeObject> = (object: T, now: Instant) => string | number | boolean | null;
interface ColumnOptions {
  readonly type?: Column['type'];
  readonly priority?: number;
  readonly format?: string;
}

/** A column of a kind's table. */
export function column<T extends KubeObject>(
  name: string,
  description: string,
  cell: Cell<T>,
  options: ColumnOptions = {},
): Column {
  return {
    name,
    type: options.type ?? 'string',
    format: options.format ?? '',
    priority: options.priority ?? 0,
    description,
    cell: (object, now) => cell(object as T, now),
  };
}
/** Columns that only `-o wide` shows. */
export const WIDE: ColumnOptions = { priority: 1 };

export const nameColumn = column(
  'Name',
  'Name of the object, unique within its namespace',
  // A bookmark of a watch shows an object that has none.
  (object) => (object.metadata.name as string | undefined) ?? '',
  { format: 'name' },
);
export const ageColumn = column('Age', 'How long ago the object was made', (object, now) =>
  since(object.metadata.creationTimestamp, now),
);
