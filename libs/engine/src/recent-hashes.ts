/** Length of a SHA-256 in base64url. */
const HASH_LENGTH = 43;
/** Room for so many at first; doubled when it is used up. */
const ROOM_AT_FIRST = 1024;

/**
 * Hashes by position, the last ones, in two buffers used as rings: a rebuild adds one an event, and objects that live for so
 * many events would fill the old generation.
 */
export class RecentHashes {
  private positions = new Float64Array(ROOM_AT_FIRST);
  private hashes = Buffer.alloc(ROOM_AT_FIRST * HASH_LENGTH);
  /** Number of the oldest that is held, and of the next; the place of a number is its remainder by the room. */
  private first = 0;
  private next = 0;

  /** `max`: how many are held, a power of two; the oldest goes first. */
  constructor(private readonly max: number) {}

  private get room(): number {
    return this.positions.length;
  }

  /** Positions grow; a hash is a SHA-256 in base64url. */
  add(position: number, hash: string): void {
    if (this.next - this.first === this.room) {
      if (this.room < this.max) this.double();
      else this.first++;
    }
    const place = this.next++ % this.room;
    this.positions[place] = position;
    this.hashes.write(hash, place * HASH_LENGTH, 'latin1');
  }

  /** Undefined where none is held for exactly this position. */
  at(position: number): string | undefined {
    const number = this.numberOf(position);
    if (number === this.next || this.positionOf(number) !== position) return undefined;
    const from = (number % this.room) * HASH_LENGTH;
    return this.hashes.toString('latin1', from, from + HASH_LENGTH);
  }

  dropBefore(position: number): void {
    this.first = this.numberOf(position);
  }

  clear(): void {
    this.first = this.next;
  }

  /** Number of the first at or after a position, found by halving. */
  private numberOf(position: number): number {
    let low = this.first;
    let high = this.next;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.positionOf(middle) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  private positionOf(number: number): number {
    return this.positions[number % this.room] as number;
  }

  /** Called when all room is used: twice the old ring has every number at its place in the new one, if they are numbered anew. */
  private double(): void {
    const { room, positions, hashes } = this;
    const start = this.first % room;
    this.positions = new Float64Array(2 * room);
    this.positions.set(positions.subarray(start));
    this.positions.set(positions.subarray(0, start), room - start);
    this.hashes = Buffer.alloc(2 * room * HASH_LENGTH);
    hashes.copy(this.hashes, 0, start * HASH_LENGTH);
    hashes.copy(this.hashes, (room - start) * HASH_LENGTH, 0, start * HASH_LENGTH);
    this.first = 0;
    this.next = room;
  }
}
