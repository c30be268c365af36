import type { NetworkReading } from '#model';

/** The interfaces in a text of /proc/<pid>/net/dev, without the loopback. */
export function networkReadings(text: string): readonly NetworkReading[] {
  const readings: NetworkReading[] = [];
  for (const line of text.split('\n').slice(2)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim();
    if (colon === -1 || name === 'lo') continue;
    const columns = line
      .slice(colon + 1)
      .trim()
      .split(/ +/)
      .map(Number);
    const column = (index: number): number => columns[index] ?? 0;
    readings.push({
      name,
      receivedBytes: column(0),
      receivedPackets: column(1),
      receiveErrors: column(2),
      receiveDrops: column(3),
      sentBytes: column(8),
      sentPackets: column(9),
      sendErrors: column(10),
      sendDrops: column(11),
    });
  }
  return readings;
}
