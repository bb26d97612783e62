-- CreateIndex
CREATE INDEX "redemption_economy_id_sku_id_id_idx" ON "redemption"("economy_id", "sku_id", "id");
