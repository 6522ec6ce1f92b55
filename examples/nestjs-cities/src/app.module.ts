import { LocMemModule } from '@locmem/nestjs';
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import type { Database } from 'express-cities/dist/database.js';
import { CitiesController } from './cities.controller.js';
import { CitiesMessages } from './cities.messages.js';
import { CitiesService, DATABASE } from './cities.service.js';
import { tenantOf } from './tenant.js';

@Module({})
export class AppModule {
  static over(database: Database): DynamicModule {
    return {
      module: AppModule,
      imports: [
        LocMemModule.register({
          caches: { cities: { options: { maxEntries: 5_000 } } },
          // For every request and message, of every controller: pages and results alike.
          keyPrefix: (context) => tenantOf(context).name,
        }),
      ],
      controllers: [CitiesController, CitiesMessages],
      providers: [CitiesService, { provide: DATABASE, useValue: database }],
    };
  }
}
