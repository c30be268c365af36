/** Labels and value of one series; with a time in milliseconds where it is not now. */
export interface Series {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
  readonly at?: number;
}
export interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly series: readonly Series[];
}

/** The text format of Prometheus. Families without a series are left out; the others are in the order of their names. */
export function prometheusText(families: readonly Family[]): string {
  return families
    .filter(({ series }) => series.length > 0)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(
      ({ name, type, help, series }) =>
        `# HELP ${name} ${help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}\n# TYPE ${name} ${type}\n` +
        series.map((one) => lineOf(name, one)).join(''),
    )
    .join('');
}
function lineOf(name: string, { labels = {}, value, at }: Series): string {
  const shown = Object.keys(labels)
    .sort()
    .map((label) => `${label}="${escaped(labels[label] ?? '')}"`)
    .join(',');
  return `${name}${shown && `{${shown}}`} ${goNumber(value)}${at === undefined ? '' : ` ${Math.round(at)}`}\n`;
}
function escaped(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}
/** As Go writes it in its shortest form: with an exponent from a million on, and of at least two digits. */
export function goNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return '0';
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}
