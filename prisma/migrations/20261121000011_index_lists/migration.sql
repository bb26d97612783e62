-- Lists that were filtered row by row: those of a currency that has few prices, and of acts that are rare.

-- CreateIndex
CREATE INDEX "price_point_economy_id_currency_id_idx" ON "price_point"("economy_id", "currency", "id");

-- CreateIndex
CREATE INDEX "audit_log_tenant_id_action_id_idx" ON "audit_log"("tenant_id", "action", "id");

-- CreateIndex
CREATE INDEX "audit_log_tenant_id_subject_type_id_idx" ON "audit_log"("tenant_id", "subject_type", "id");

-- CreateIndex
CREATE INDEX "audit_log_tenant_id_subject_id_id_idx" ON "audit_log"("tenant_id", "subject_id", "id");
