import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { subjects } from '#engine';
import type { NamedFacts } from '#model';
import { HealthHost, UnloggedQuestionPayload } from '#nest';

/** What other apps ask: what is known here and is no event. */
@Controller()
export class QueryController {
  constructor(private readonly host: HealthHost) {}

  @MessagePattern(subjects.query('health', 'leases'))
  leases(@Payload() question: UnloggedQuestionPayload): Promise<NamedFacts> {
    return this.host.health.leases(question);
  }
}
