import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { subjects } from '#engine';
import type { CommandResult } from '#model';
import { ApiHost, CommandPayload } from '#nest';

/** Commands of loops and of other replicas, on their way to the writer. */
@Controller()
export class CommandController {
  constructor(private readonly api: ApiHost) {}

  @MessagePattern(subjects.commands)
  submit(@Payload() command: CommandPayload): Promise<CommandResult> {
    return this.api.submit(command);
  }
}
