import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { subjects } from '#engine';
import { parseStream, type StoredEvent } from '#model';
import type { LogSubscription } from '#ports';
import { encodeJson } from './json-bytes.js';
import { say, stopBecause } from './console.js';
import { Platform } from './platform.js';

const SAVE_EVERY_MS = 1_000;

/**
 * Publishes every event of the log for outside subscribers, as it is stored: what is sealed there stays sealed. It goes on
 * where it was; after a crash the last second's events are published again.
 */
@Injectable()
export class FeedHost implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private subscription: LogSubscription | undefined;
  private published = 0;
  private saving: NodeJS.Timeout | undefined;
  private readonly file: string;
  /** That the position cannot be written down is said once. */
  private isTold = false;

  constructor(private readonly platform: Platform) {
    const folder = join(platform.settings.home, 'feed');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.file = join(folder, 'position');
  }

  async onApplicationBootstrap(): Promise<void> {
    const { log } = this.platform.plane.options;
    // A feed that has never run begins now: the past is in the log for whoever wants it.
    this.published = savedPosition(this.file) ?? (await log.head());
    this.subscription = log.subscribe(
      this.published,
      (events) => this.publish(events),
      (cause) => cause !== undefined && stopBecause(cause),
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.subscription?.close();
    clearTimeout(this.saving);
    this.save();
  }

  private publish(events: readonly StoredEvent[]): void {
    for (const event of events) {
      const { kind, namespace, name } = parseStream(event.stream);
      this.platform.bus.publish(subjects.event(kind, namespace, name, event.type), encodeJson(event));
      this.published = event.position;
    }
    this.saving ??= setTimeout(() => this.save(), SAVE_EVERY_MS);
  }

  /** Where it cannot be written down, it is later: until then a crash has more events published again. */
  private save(): void {
    this.saving = undefined;
    if (this.published === 0) return;
    try {
      writeFileSync(`${this.file}.new`, `${this.published}\n`);
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
    return Number.isSafeInteger(position) && position > 0 ? position : undefined;
  } catch {
    return undefined;
  }
}
