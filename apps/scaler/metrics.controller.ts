import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { subjects } from '#engine';
import type { MetricsAnswer, NodeMetrics, PodMetrics, UsageHistory } from '#model';
import { NodeMetricsPayload, PodMetricsPayload, ScalerHost, UsageHistoryPayload } from '#nest';

/** What other apps ask: figures of the last minutes. */
@Controller()
export class MetricsController {
  constructor(private readonly host: ScalerHost) {}

  @MessagePattern(subjects.query('scaler', 'pods'))
  pods(@Payload() question: PodMetricsPayload): MetricsAnswer<PodMetrics> {
    return this.host.scaler.pods(question);
  }

  @MessagePattern(subjects.query('scaler', 'nodes'))
  nodes(@Payload() question: NodeMetricsPayload): MetricsAnswer<NodeMetrics> {
    return this.host.scaler.nodes(question);
  }

  @MessagePattern(subjects.query('scaler', 'history'))
  history(@Payload() question: UsageHistoryPayload): MetricsAnswer<UsageHistory> {
    return this.host.scaler.history(question);
  }
}
