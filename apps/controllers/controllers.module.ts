import { Injectable, Module } from '@nestjs/common';
import { workloadLoops } from '#loops';
import { LoopsHost, Platform } from '#nest';

@Injectable()
export class WorkloadLoops extends LoopsHost {
  constructor(platform: Platform) {
    super(platform, workloadLoops, 'controllers');
  }
}

/** Makes and ends workloads and what belongs to them. */
@Module({ providers: [WorkloadLoops] })
export class ControllersModule {}
