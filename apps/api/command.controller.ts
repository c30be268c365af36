import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, NatsContext, Payload } from '@nestjs/microservices';
import { clientOfSubject, subjects } from '#engine';
import type { CommandResult } from '#model';
import { ApiHost, CommandPayload } from '#nest';

/** Commands of loops and of other replicas, on their way to the writer. Who sends one is in the subject, not in what it says. */
@Controller()
export class CommandController {
  constructor(private readonly api: ApiHost) {}

  @MessagePattern(subjects.commands)
  submit(@Payload() command: CommandPayload, @Ctx() context: NatsContext): Promise<CommandResult> {
    return this.api.submit(clientOfSubject(context.getSubject()), command);
  }
}
