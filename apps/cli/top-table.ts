/** What something used in the last minutes, oldest first, a second apart; -1 where nothing was measured. */
export interface Usage {
  readonly namespace?: string;
  readonly name: string;
  /** Billionths of a processor. */
  readonly cpuNanoCores: readonly number[];
  readonly memoryBytes: readonly number[];
}
/** What there is of it in all, for shares: thousandths of a processor, and bytes. */
export type Room = ReadonlyMap<string, { readonly cpuMilli: number; readonly memoryBytes: number }>;

export interface TopForm {
  /** With bars and lines, which a terminal shows and a file does not need. */
  readonly isDrawn: boolean;
  readonly withNamespace: boolean;
  /** Where it is known, bars and percents are shares of it; bars of the largest in the table otherwise. */
  readonly room?: Room;
}

const LEVELS = ' ▁▂▃▄▅▆▇█';
const EIGHTHS = ' ▏▎▍▌▋▊▉█';
const BAR_WIDTH = 8;
const LINE_WIDTH = 30;

/** A table as kubectl's `top` prints it; drawn with a bar beside each figure and a line of two minutes behind. */
export function topTable(usages: readonly Usage[], { isDrawn, withNamespace, room }: TopForm): string {
  const rows = usages.map((usage) => ({ usage, cpu: last(usage.cpuNanoCores), memory: last(usage.memoryBytes) }));
  const most = { cpu: largest(rows.map(({ cpu }) => cpu)), memory: largest(rows.map(({ memory }) => memory)) };
  const head = [
    ...(withNamespace ? ['NAMESPACE'] : []),
    ...['NAME', 'CPU(cores)', ...(room ? ['CPU(%)'] : []), ...(isDrawn ? [''] : [])],
    ...['MEMORY(bytes)', ...(room ? ['MEMORY(%)'] : []), ...(isDrawn ? ['', 'CPU, 2 MINUTES'] : [])],
  ];
  const cells = rows.map(({ usage, cpu, memory }) => {
    const whole = room?.get(usage.name);
    const ofCpu = cpu / (whole ? whole.cpuMilli * 1_000_000 : most.cpu);
    const ofMemory = memory / (whole ? whole.memoryBytes : most.memory);
    const percent = (share: number): readonly string[] =>
      room ? [whole ? `${Math.floor(share * 100)}%` : '<unknown>'] : [];
    const drawn = (share: number): readonly string[] => (isDrawn ? [bar(share)] : []);
    return [
      ...(withNamespace ? [usage.namespace ?? ''] : []),
      ...[usage.name, cpu < 0 ? '<unknown>' : `${Math.ceil(cpu / 1_000_000)}m`, ...percent(ofCpu), ...drawn(ofCpu)],
      ...[memory < 0 ? '<unknown>' : `${Math.floor(memory / 2 ** 20)}Mi`, ...percent(ofMemory), ...drawn(ofMemory)],
      ...(isDrawn ? [sparkline(usage.cpuNanoCores)] : []),
    ];
  });
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map((row) => [...(row[i] ?? '')].length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - [...cell].length))
      .join('   ')
      .trimEnd();
  return [head, ...cells].map(line).join('\n');
}

/** The newest figure; -1 where there is none. */
function last(figures: readonly number[]): number {
  return figures.findLast((one) => one >= 0) ?? -1;
}
function largest(figures: readonly number[]): number {
  return Math.max(1, ...figures);
}

/** A share from 0 to 1 in eighths of characters. */
export function bar(share: number): string {
  const eighths = Math.round(Math.min(Math.max(Number.isFinite(share) ? share : 0, 0), 1) * BAR_WIDTH * 8);
  const rest = eighths % 8;
  return ('█'.repeat(Math.floor(eighths / 8)) + (rest > 0 ? EIGHTHS[rest] : '')).padEnd(BAR_WIDTH);
}

/** The figures as a line of blocks, of which each is the largest of some seconds; nothing where nothing was measured. */
export function sparkline(figures: readonly number[]): string {
  const most = largest(figures);
  const step = Math.max(1, Math.ceil(figures.length / LINE_WIDTH));
  let line = '';
  for (let i = 0; i < figures.length; i += step) {
    const value = Math.max(...figures.slice(i, i + step));
    line += value < 0 ? ' ' : (LEVELS[Math.max(1, Math.round((value / most) * 8))] ?? ' ');
  }
  return line;
}
