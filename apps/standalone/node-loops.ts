import { Injectable } from '@nestjs/common';
import { nodeLoops } from '#loops';
import { LoopsHost, Platform } from '#nest';

/** The node loops of a cluster whose nodes are only objects: without the health app they run beside the controllers. */
@Injectable()
export class NodeLoops extends LoopsHost {
  constructor(platform: Platform) {
    super(platform, nodeLoops, 'health');
  }
}
