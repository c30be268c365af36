import 'reflect-metadata';
import type { DynamicModule, INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AsyncMicroserviceOptions } from '@nestjs/microservices';
import { BusServer } from './bus-server.js';
import { explain, say } from './console.js';
import { giveMemoryBackWhenQuiet } from './memory.js';
import { FaultFilter, PayloadPipe } from './payload-pipe.js';
import { PlainLogger } from './plain-logger.js';

/** A clean stop takes this long at most; then the process ends anyway, and the next start repairs. */
const STOP_MS = 15_000;
/** An agent that ends its pods first may take so much longer. */
const DRAIN_MS = 45_000;

/**
 * Runs one app until it is told to stop. A failure to start is one sentence and exit code 1. `ready` is called once
 * everything listens.
 */
export async function runApp(
  createModule: () => DynamicModule | Promise<DynamicModule>,
  ready: (app: INestMicroservice) => Promise<void> | void = sayReady,
  { mayDrain = false }: { readonly mayDrain?: boolean } = {},
): Promise<void> {
  // Whatever a library writes (the log's database among it) is closed to other users. What containers are to read is opened on purpose.
  process.umask(0o077);
  const logger = new PlainLogger();
  try {
    const app = await NestFactory.createMicroservice<AsyncMicroserviceOptions>(await createModule(), {
      useFactory: (strategy: BusServer) => ({ strategy }),
      inject: [BusServer],
      logger,
      abortOnError: false,
    });
    app.useGlobalPipes(new PayloadPipe());
    app.useGlobalFilters(new FaultFilter());
    stopOnSignal(app, STOP_MS + (mayDrain ? DRAIN_MS : 0));
    await app.listen();
    logger.isStarted = true;
    await ready(app);
    giveMemoryBackWhenQuiet();
  } catch (cause) {
    process.stderr.write(`${explain(cause)}\n`);
    process.exit(1);
  }
}

function stopOnSignal(app: INestMicroservice, stopMs: number): void {
  let stopping = false;
  const stop = (): void => {
    // A second signal means: now.
    if (stopping) process.exit(130);
    stopping = true;
    setTimeout(() => process.exit(1), stopMs).unref();
    app.close().then(
      () => process.exit(0),
      (cause: unknown) => {
        process.stderr.write(`${explain(cause)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  // The terminal was closed.
  process.on('SIGHUP', stop);
}

function sayReady(): void {
  say('Ready.');
}
