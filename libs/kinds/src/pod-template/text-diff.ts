/**
 * The unified form of what differs between two texts, three lines of context around each change. Lines are matched as the
 * widely known `difflib` matches them: the longest common block first, then what is left and right of it.
 */
export function unifiedDiff(before: string, after: string): string {
  const a = lines(before);
  const b = lines(after);
  return groups(changes(a, b))
    .map((group) => hunk(group, a, b))
    .join('');
}

function lines(text: string): readonly string[] {
  return text.split('\n').map((line) => `${line}\n`);
}

interface Block {
  readonly a: number;
  readonly b: number;
  readonly size: number;
}
interface Change {
  readonly same: boolean;
  readonly a: readonly [from: number, to: number];
  readonly b: readonly [from: number, to: number];
}
const CONTEXT = 3;

function changes(a: readonly string[], b: readonly string[]): readonly Change[] {
  const out: Change[] = [];
  let i = 0;
  let j = 0;
  for (const block of [...matches(a, b), { a: a.length, b: b.length, size: 0 }]) {
    if (i < block.a || j < block.b) out.push({ same: false, a: [i, block.a], b: [j, block.b] });
    i = block.a + block.size;
    j = block.b + block.size;
    if (block.size > 0) out.push({ same: true, a: [block.a, i], b: [block.b, j] });
  }
  return out;
}

function matches(a: readonly string[], b: readonly string[]): readonly Block[] {
  const places = new Map<string, number[]>();
  b.forEach((line, j) => places.set(line, [...(places.get(line) ?? []), j]));
  // Lines that are everywhere say nothing about where a block belongs.
  if (b.length >= 200)
    for (const [line, at] of places) if (at.length > Math.floor(b.length / 100) + 1) places.delete(line);
  const found: Block[] = [];
  const open: Part[] = [{ a: [0, a.length], b: [0, b.length] }];
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    const block = longest(a, b, places, part);
    if (block.size === 0) continue;
    found.push(block);
    open.push({ a: [part.a[0], block.a], b: [part.b[0], block.b] });
    open.push({ a: [block.a + block.size, part.a[1]], b: [block.b + block.size, part.b[1]] });
  }
  return joined(found.sort((x, y) => x.a - y.a || x.b - y.b));
}

/** Blocks that touch in both texts are one. */
function joined(blocks: readonly Block[]): readonly Block[] {
  const out: Block[] = [];
  for (const block of blocks) {
    const last = out[out.length - 1];
    if (last && last.a + last.size === block.a && last.b + last.size === block.b) {
      out[out.length - 1] = { ...last, size: last.size + block.size };
    } else out.push(block);
  }
  return out;
}

interface Part {
  readonly a: readonly [number, number];
  readonly b: readonly [number, number];
}
function longest(
  a: readonly string[],
  b: readonly string[],
  places: ReadonlyMap<string, readonly number[]>,
  part: Part,
): Block {
  let best = { a: part.a[0], b: part.b[0], size: 0 };
  let lengths = new Map<number, number>();
  for (let i = part.a[0]; i < part.a[1]; i++) {
    const next = new Map<number, number>();
    for (const j of places.get(a[i] ?? '') ?? []) {
      if (j < part.b[0]) continue;
      if (j >= part.b[1]) break;
      const size = (lengths.get(j - 1) ?? 0) + 1;
      next.set(j, size);
      if (size > best.size) best = { a: i - size + 1, b: j - size + 1, size };
    }
    lengths = next;
  }
  while (best.a > part.a[0] && best.b > part.b[0] && a[best.a - 1] === b[best.b - 1]) {
    best = { a: best.a - 1, b: best.b - 1, size: best.size + 1 };
  }
  while (
    best.a + best.size < part.a[1] &&
    best.b + best.size < part.b[1] &&
    a[best.a + best.size] === b[best.b + best.size]
  ) {
    best = { ...best, size: best.size + 1 };
  }
  return best;
}

/** Changes with their context; far ones stand apart. */
function groups(all: readonly Change[]): readonly (readonly Change[])[] {
  const out: Change[][] = [];
  let group: Change[] = [];
  all.forEach((change, n) => {
    if (!change.same) {
      group.push(change);
      return;
    }
    const size = change.a[1] - change.a[0];
    const isFirst = n === 0;
    const isLast = n === all.length - 1;
    if (isFirst && isLast) return;
    if (isFirst) group.push(tail(change, CONTEXT));
    else if (isLast) group.push(head(change, CONTEXT));
    else if (size > CONTEXT * 2) {
      out.push([...group, head(change, CONTEXT)]);
      group = [tail(change, CONTEXT)];
    } else group.push(change);
  });
  if (group.some((change) => !change.same)) out.push(group);
  return out;
}
function head({ a, b }: Change, count: number): Change {
  return { same: true, a: [a[0], Math.min(a[1], a[0] + count)], b: [b[0], Math.min(b[1], b[0] + count)] };
}
function tail({ a, b }: Change, count: number): Change {
  return { same: true, a: [Math.max(a[0], a[1] - count), a[1]], b: [Math.max(b[0], b[1] - count), b[1]] };
}

function hunk(group: readonly Change[], a: readonly string[], b: readonly string[]): string {
  const first = group[0];
  const last = group[group.length - 1];
  if (!first || !last) return '';
  const out = [`@@ -${range(first.a[0], last.a[1])} +${range(first.b[0], last.b[1])} @@\n`];
  for (const change of group) {
    if (change.same) out.push(...a.slice(...change.a).map((line) => ` ${line}`));
    else {
      out.push(...a.slice(...change.a).map((line) => `-${line}`));
      out.push(...b.slice(...change.b).map((line) => `+${line}`));
    }
  }
  return out.join('');
}
function range(from: number, to: number): string {
  const length = to - from;
  if (length === 1) return String(from + 1);
  return `${length === 0 ? from : from + 1},${length}`;
}
