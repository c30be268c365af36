import { Module } from '@nestjs/common';
import { HealthHost } from '#nest';
import { QueryController } from './query.controller.js';
import { ReportController } from './report.controller.js';

/** The agents' counterpart. */
@Module({ controllers: [ReportController, QueryController], providers: [HealthHost] })
export class HealthModule {}
