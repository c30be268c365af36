/** Only one process appends in a term: whoever else does took itself for the writer. */
export class Terms {
  private readonly writers = new Map<number, string>();

  constructor(private readonly onViolation: (message: string) => void) {}

  /** A process appends an event. */
  note(epoch: number, process: string): void {
    const writer = this.writers.get(epoch);
    if (writer === undefined) this.writers.set(epoch, process);
    else if (writer !== process) this.onViolation(`${process} appends in term ${epoch}, which is ${writer}'s`);
  }
}
