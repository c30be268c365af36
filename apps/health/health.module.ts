import { Module } from '@nestjs/common';
import { HealthHost } from '#nest';
import { ReportController } from './report.controller.js';

/** The agents' counterpart. */
@Module({ controllers: [ReportController], providers: [HealthHost] })
export class HealthModule {}
