import { Module, type DynamicModule } from '@nestjs/common';
import { AgentHost, BusServer, type Settings } from '#nest';

/** One node: pods on the container engine. */
@Module({})
export class AgentModule {
  static forNode(settings: Settings): DynamicModule {
    return {
      module: AgentModule,
      providers: [
        { provide: AgentHost, useFactory: () => AgentHost.open(settings) },
        { provide: BusServer, useFactory: (host: AgentHost) => new BusServer(host.bus), inject: [AgentHost] },
      ],
    };
  }
}
