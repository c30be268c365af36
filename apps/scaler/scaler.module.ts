import { Module } from '@nestjs/common';
import { ScalerHost } from '#nest';
import { MetricsController } from './metrics.controller.js';

/** Keeps what is measured, and scales by it. */
@Module({ controllers: [MetricsController], providers: [ScalerHost] })
export class ScalerModule {}
