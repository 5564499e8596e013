-- meaning: One row per subscription, current state. Active on d: starts_on ≤ d < ends_on and (cancelled_on empty or > d).
-- needs: current_subscriptions
-- key: subscription_key
-- column subscription_key BIGINT: pseudonym of the subscription
-- column class_key BIGINT: pseudonym of the class
-- column plan VARCHAR: initiale, standard or plus
-- column payer_type VARCHAR: commune, ecole or classe
-- column starts_on DATE: first day
-- column ends_on DATE: first day after it
-- column price_eur DECIMAL(12,2) [€ a year]: price of the plan
-- column confort_famille BOOLEAN: whether the Confort famille option was taken
-- column confort_price_eur DECIMAL(12,2) [€ a year]: price of the option, counted only where it was taken
-- column cancelled_on DATE: day from which it no longer counts, NULL where it was not cancelled
-- column updated_at TIMESTAMPTZ: when the row was last changed
-- check plan_is_known: plan in ('initiale', 'standard', 'plus') and payer_type in ('commune', 'ecole', 'classe')
-- check price_is_not_negative: price_eur >= 0 and coalesce(confort_price_eur, 0) >= 0
select subscription_key, class_key, plan, payer_type, starts_on, ends_on, price_eur, confort_famille,
    confort_price_eur, cancelled_on, updated_at
from current_subscriptions
