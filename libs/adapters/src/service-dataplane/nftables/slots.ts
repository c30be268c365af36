import type { Backend } from '#model';

const STICKY_SLOTS_MAX = 1024;

/**
 * Puts backends into numbered slots, of which each is as likely for a new connection, so that a change costs the slots that it
 * touches. Without affinity the slots are exactly the backends, in some order.
 */
export function plainSlots(before: readonly Backend[], wanted: readonly Backend[]): readonly Backend[] {
  const missing = new Map(wanted.map((backend) => [nameOf(backend), backend]));
  const slots = before.map((backend) => take(missing, backend));
  const fresh = [...missing.values()];
  for (let i = 0; i < slots.length && fresh.length > 0; i++) slots[i] ??= fresh.shift();
  slots.push(...fresh);
  for (let i = 0; i < slots.length;) {
    if (slots[i] !== undefined) {
      i++;
      continue;
    }
    // The last one moves into the hole, unless it is the hole.
    const last = slots.pop();
    if (i < slots.length) slots[i] = last;
  }
  return slots.flatMap((backend) => backend ?? []);
}

/**
 * As {@link plainSlots} for a frontend with affinity: clients are remembered by slot, so a backend that stays never leaves its
 * slot, and that of one that went is given to another. So some have more slots than others. Beyond
 * {@link STICKY_SLOTS_MAX} new backends take slots of those that have several, and clients with them.
 */
export function stickySlots(before: readonly Backend[], wanted: readonly Backend[]): readonly Backend[] {
  const present = new Map(wanted.map((backend) => [nameOf(backend), backend]));
  const counts = new Map(wanted.map((backend) => [nameOf(backend), 0]));
  const count = (backend: Backend, by: number): number => {
    const name = nameOf(backend);
    const sum = (counts.get(name) ?? 0) + by;
    counts.set(name, sum);
    return sum;
  };
  const slots = before.map((backend) => {
    const found = present.get(nameOf(backend));
    if (found) count(found, 1);
    return found;
  });
  const fresh = wanted.filter((backend) => counts.get(nameOf(backend)) === 0);
  for (let i = 0; i < slots.length && fresh.length > 0; i++) {
    if (slots[i] !== undefined) continue;
    slots[i] = fresh.shift();
  }
  for (let i = 0; i < slots.length && fresh.length > 0 && slots.length >= STICKY_SLOTS_MAX; i++) {
    const backend = slots[i];
    if (!backend || (counts.get(nameOf(backend)) ?? 0) < 2) continue;
    count(backend, -1);
    slots[i] = fresh.shift();
  }
  slots.push(...fresh);
  let next = 0;
  return wanted.length === 0 ? [] : slots.flatMap((backend) => backend ?? wanted[next++ % wanted.length] ?? []);
}

export function nameOf({ address, port }: Pick<Backend, 'address' | 'port'>): string {
  return `${address} . ${port}`;
}

function take(from: Map<string, Backend>, backend: Backend): Backend | undefined {
  const found = from.get(nameOf(backend));
  from.delete(nameOf(backend));
  return found;
}
