import 'reflect-metadata';
import { explain, say } from '#terminal';
import type { DynamicModule, INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AsyncMicroserviceOptions } from '@nestjs/microservices';
import { BusServer } from './bus-server.js';
import { giveMemoryBackWhenQuiet } from './memory.js';
import { FaultFilter, PayloadPipe } from './payload-pipe.js';
import { PlainLogger } from './plain-logger.js';
import { DRAIN_MS, onStopSignals, STOP_MS } from './stopping.js';

/**
 * Runs one app until it is told to stop. A failure to start is one sentence and exit code 1. `ready` is called once
 * everything listens; `mayDrain` is asked once the module is made, and true where an agent may end its pods first.
 */
export async function runApp(
  createModule: () => DynamicModule | Promise<DynamicModule>,
  ready: (app: INestMicroservice) => Promise<void> | void = sayReady,
  { mayDrain = () => false }: { readonly mayDrain?: () => boolean } = {},
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
    stopOnSignal(app, STOP_MS + (mayDrain() ? DRAIN_MS : 0));
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
  const stop = (): void => {
    setTimeout(() => process.exit(1), stopMs).unref();
    app.close().then(
      () => process.exit(0),
      (cause: unknown) => {
        process.stderr.write(`${explain(cause)}\n`);
        process.exit(1);
      },
    );
  };
  onStopSignals(process, { stop, stopNow: () => process.exit(130) });
}

function sayReady(): void {
  say('Ready.');
}
