import { Fault } from '#std';
import type { RuntimeFaultReason } from './container-runtime.js';

/** The container engine refused or failed. */
export class RuntimeFault extends Fault {
  override readonly name = 'RuntimeFault';
  constructor(
    message: string,
    readonly reason: RuntimeFaultReason,
    options?: { cause?: unknown },
  ) {
    super(message, reason === 'unavailable', options);
  }
}
