import { Module } from '@nestjs/common';
import { ApiHost } from '#nest';
import { CommandController } from './command.controller.js';
import { QueryController } from './query.controller.js';

/** The Kubernetes API and the writer. */
@Module({ controllers: [CommandController, QueryController], providers: [ApiHost] })
export class ApiModule {}
