import { Injectable, Module } from '@nestjs/common';
import { workloadLoops } from '#loops';
import { LoopsHost, measured, Platform } from '#nest';
import { NoMeasurements } from '#adapters';

@Injectable()
export class WorkloadLoops extends LoopsHost {
  constructor(platform: Platform) {
    super(platform, workloadLoops, 'controllers', measured(new NoMeasurements()));
  }
}

/** Makes and ends workloads and what belongs to them. */
@Module({ providers: [WorkloadLoops] })
export class ControllersModule {}
