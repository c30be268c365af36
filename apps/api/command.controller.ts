import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, NatsContext, Payload } from '@nestjs/microservices';
import { clientOfSubject, subjects, type ResultsMessage } from '#engine';
import { ApiHost, CommandsPayload } from '#nest';

/** Commands of loops and of other replicas, on their way to the writer. Who sends them is in the subject, not in what they say. */
@Controller()
export class CommandController {
  constructor(private readonly api: ApiHost) {}

  @MessagePattern(subjects.commands)
  submit(@Payload() message: CommandsPayload, @Ctx() context: NatsContext): Promise<ResultsMessage> {
    return this.api.submitAll(clientOfSubject(context.getSubject()), message);
  }
}
