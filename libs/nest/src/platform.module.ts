import { Global, Module, type DynamicModule } from '@nestjs/common';
import { subjects } from '#engine';
import { withNodeBudgets } from '#node-gateway';
import { BusServer } from './bus-server.js';
import { Platform } from './platform.js';
import type { Settings } from './settings.js';

/** Gives every module of a process the one {@link Platform}, and Nest the transport over its bus. */
@Global()
@Module({})
export class PlatformModule {
  static forProcess(settings: Settings): DynamicModule {
    return {
      module: PlatformModule,
      providers: [
        { provide: Platform, useFactory: () => Platform.open(settings) },
        {
          provide: BusServer,
          useFactory: ({ bus, plane, writing }: Platform) =>
            new BusServer(withNodeBudgets(bus, plane.options.clock), {
              [subjects.commands]: (subscribe) => writing?.role.listens(subscribe),
              // Of several APIs one asks.
              [subjects.query('api', 'metric')]: (subscribe) => writing?.role.listens(subscribe),
            }),
          inject: [Platform],
        },
      ],
      exports: [Platform, BusServer],
    };
  }
}
