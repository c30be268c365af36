import { explain, say } from '#terminal';
import type { LoggerService } from '@nestjs/common';

/**
 * Nest's words as plain lines. Until the app runs they are kept back: what stops a start is thrown too, and said once, in
 * words for people.
 */
export class PlainLogger implements LoggerService {
  isStarted = false;

  log(): void {
    // Which routes Nest maps is of no use to whoever runs a cluster.
  }

  warn(message: unknown): void {
    if (this.isStarted) say(`warning: ${explain(message)}`);
  }

  error(message: unknown): void {
    if (this.isStarted) say(`error: ${explain(message)}`);
  }

  fatal(message: unknown): void {
    this.error(message);
  }
}
