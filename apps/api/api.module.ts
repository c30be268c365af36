import { Module } from '@nestjs/common';
import { ApiHost } from '#nest';
import { CommandController } from './command.controller.js';

/** The Kubernetes API and the writer. */
@Module({ controllers: [CommandController], providers: [ApiHost] })
export class ApiModule {}
