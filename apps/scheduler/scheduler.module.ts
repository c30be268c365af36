import { Injectable, Module } from '@nestjs/common';
import { schedulingLoops } from '#loops';
import { LoopsHost, Platform } from '#nest';

@Injectable()
export class SchedulingLoops extends LoopsHost {
  constructor(platform: Platform) {
    super(platform, schedulingLoops, 'scheduler');
  }
}

/** Decides which node a pod is bound to. */
@Module({ providers: [SchedulingLoops] })
export class SchedulerModule {}
