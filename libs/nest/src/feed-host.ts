import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { privateFolderWithParents } from '#adapters';
import { Feed } from '#engine';
import { say, stopBecause } from '#terminal';
import { Platform } from './platform.js';

const SAVE_EVERY_MS = 1_000;

/**
 * Publishes every event of the log for outside subscribers, as it is stored: what is sealed there stays sealed. It goes on
 * after the last event that the bus has confirmed; after a crash the last second's events are published again.
 */
@Injectable()
export class FeedHost implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private feed: Feed | undefined;
  private confirmed: number | undefined;
  private saving: NodeJS.Timeout | undefined;
  private readonly file: string;
  /** That the position cannot be written down is said once. */
  private isTold = false;

  constructor(private readonly platform: Platform) {
    const folder = join(platform.settings.home, 'feed');
    privateFolderWithParents(folder);
    this.file = join(folder, 'position');
  }

  async onApplicationBootstrap(): Promise<void> {
    const { log, clock } = this.platform.plane.options;
    const saved = savedPosition(this.file);
    // A feed that has never run begins now: the past is in the log for whoever wants it.
    this.confirmed = saved ?? (await log.head());
    // Where it began is written down at once: after a crash it would begin later, and skip what came in between.
    if (saved === undefined) this.save();
    this.feed = new Feed({
      log,
      clock,
      bus: this.platform.bus,
      after: this.confirmed,
      onConfirmed: (position) => this.note(position),
      onFatal: stopBecause,
    });
    this.feed.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.feed?.stop();
    clearTimeout(this.saving);
    this.save();
  }

  private note(position: number): void {
    this.confirmed = position;
    this.saving ??= setTimeout(() => this.save(), SAVE_EVERY_MS);
  }

  /** Where it cannot be written down, it is later: until then a crash has more events published again. */
  private save(): void {
    this.saving = undefined;
    if (this.confirmed === undefined) return;
    try {
      writeFileSync(`${this.file}.new`, `${this.confirmed}\n`);
      renameSync(`${this.file}.new`, this.file);
      this.isTold = false;
    } catch (cause) {
      if (!this.isTold) say(`feed: its position cannot be written down: ${(cause as Error).message}`);
      this.isTold = true;
    }
  }
}

function savedPosition(file: string): number | undefined {
  try {
    const position = Number.parseInt(readFileSync(file, 'utf8'), 10);
    return Number.isSafeInteger(position) && position >= 0 ? position : undefined;
  } catch {
    return undefined;
  }
}
