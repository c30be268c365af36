import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { AgentProcess, PlatformModule, type AppName, type Settings } from '#nest';
import { ApiModule } from '../api/api.module.js';
import { ControllersModule } from '../controllers/controllers.module.js';
import { FeedModule } from '../feed/feed.module.js';
import { HealthModule } from '../health/health.module.js';
import { ScalerModule } from '../scaler/scaler.module.js';
import { SchedulerModule } from '../scheduler/scheduler.module.js';
import { NodeLoops, UnmeasuredLoops } from './beside-controllers.js';

const MODULES: Readonly<Record<Exclude<AppName, 'agent'>, Type>> = {
  api: ApiModule,
  controllers: ControllersModule,
  scheduler: SchedulerModule,
  scaler: ScalerModule,
  health: HealthModule,
  feed: FeedModule,
};

/** The control plane in one process, over one log, one view of it and one connection to the bus. */
@Module({})
export class StandaloneModule {
  static forSettings(settings: Settings): DynamicModule {
    const runs = (app: AppName): boolean => settings.apps.includes(app);
    const modules = settings.apps.flatMap((app) => (app === 'agent' ? [] : [MODULES[app]]));
    const providers: Type[] = [];
    if (runs('controllers') && !runs('health')) providers.push(NodeLoops);
    if (runs('controllers') && !runs('scaler')) providers.push(UnmeasuredLoops);
    if (runs('agent')) providers.push(AgentProcess);
    return { module: StandaloneModule, imports: [PlatformModule.forProcess(settings), ...modules], providers };
  }
}
