import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { subjects } from '#engine';
import type { MetricAnswer } from '#model';
import { ApiHost, MetricQuestionPayload } from '#nest';

/** What other apps ask the API: it alone reaches the servers that are registered with it. */
@Controller()
export class QueryController {
  constructor(private readonly api: ApiHost) {}

  @MessagePattern(subjects.query('api', 'metric'))
  metric(@Payload() question: MetricQuestionPayload): Promise<MetricAnswer> {
    return this.api.metric(question);
  }
}
