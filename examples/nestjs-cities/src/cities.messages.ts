import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { CitiesService } from './cities.service.js';
import { ForTenant } from './tenant.js';
import type { Tenant } from './tenant.js';

/** The same service for other programs, by messages: same caches, same prefix per tenant. */
@Controller()
export class CitiesMessages {
  constructor(private readonly cities: CitiesService) {}

  @MessagePattern('city')
  city(@ForTenant() tenant: Tenant, @Payload('id') id: number) {
    return this.cities.city(tenant, id);
  }
}
