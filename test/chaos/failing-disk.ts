import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Prng } from '#std';

/** One of these fails once: an append at each of its steps, and the mark beside the log. */
const FAULTS = [
  'begin:EIO',
  'insert:EIO',
  'insert:EIO-AFTER',
  'commit:EIO',
  'commit:EIO-AFTER',
  'mark:EIO',
  'mark:TORN',
];
/** Clients write many times a second: the fault comes soon. */
const OPERATIONS_MAX = 50;

/** The disk of the embedded log, as its worker sees it: it can fail in the middle of an operation. */
export class FailingDisk {
  private readonly plan: string;

  constructor(folder: string) {
    this.plan = join(folder, 'disk-faults');
  }

  get environment(): Readonly<Record<string, string>> {
    return { SHIPLOG_TEST_LOG_FAULTS: `file:${this.plan}` };
  }

  /** One of the next operations fails; returns which. */
  fail(chance: Prng): string {
    const fault = `${chance.pick(FAULTS)}@${1 + chance.below(OPERATIONS_MAX)}`;
    writeFileSync(this.plan, fault);
    return fault;
  }
  mend(): void {
    rmSync(this.plan, { force: true });
  }
}
