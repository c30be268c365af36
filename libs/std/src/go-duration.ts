/** `1h2m3.5s`, as Go prints a duration that is given in nanoseconds. */
export function goDuration(nanos: bigint): string {
  if (nanos === 0n) return '0s';
  const sign = nanos < 0n ? '-' : '';
  const total = nanos < 0n ? -nanos : nanos;
  if (total < 1_000_000_000n) return sign + smallDuration(total);
  const seconds = total / 1_000_000_000n;
  const fraction = String(total % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '');
  const hours = seconds / 3600n;
  const minutes = (seconds / 60n) % 60n;
  const lead = hours > 0n ? `${hours}h${minutes}m` : minutes > 0n ? `${minutes}m` : '';
  return `${sign}${lead}${seconds % 60n}${fraction === '' ? '' : `.${fraction}`}s`;
}
function smallDuration(nanos: bigint): string {
  if (nanos < 1000n) return `${nanos}ns`;
  return nanos < 1_000_000n ? `${Number(nanos) / 1000}µs` : `${Number(nanos) / 1_000_000}ms`;
}
