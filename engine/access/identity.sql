-- Who is asking, as policies see it. Each is called as (SELECT orders.…()), once a statement.
--
-- A login above the guards (the owner of the schema, a superuser) can do anything anyway: it is believed whatever claims it sets, since
-- it is the one that speaks for others. Every other login is itself, whatever it claims. One that is nobody here is believed its claims
-- only where it could act as an administrator anyway, so that there is nothing to gain by them. Claims that are empty, malformed or
-- expired are nobody's.

CREATE OR REPLACE FUNCTION orders.caller_id() RETURNS uuid
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    claims jsonb;
    named text;
    found_id uuid;
    above boolean := pg_has_role(session_user, (SELECT n.nspowner FROM pg_namespace n WHERE n.nspname = 'orders'), 'MEMBER');
    said text := nullif(current_setting('request.jwt.claims', true), '');
BEGIN
    IF said IS NULL OR NOT above THEN
        SELECT CASE WHEN u.disabled_at IS NULL THEN u.id END INTO found_id
        FROM orders.users u WHERE u.login_role = session_user::text;
        IF FOUND OR said IS NULL OR NOT pg_has_role(session_user, 'orders_admin', 'MEMBER') THEN
            RETURN found_id;
        END IF;
    END IF;
    BEGIN
        claims := said::jsonb;
        named := claims ->> 'sub';
        IF (claims ->> 'exp')::numeric <= extract(epoch FROM clock_timestamp()) THEN
            RETURN NULL;
        END IF;
    EXCEPTION WHEN data_exception THEN
        RETURN NULL;
    END;
    SELECT u.id INTO found_id FROM orders.users u
    WHERE u.disabled_at IS NULL AND (u.id::text = lower(named) OR u.subject = named)
    ORDER BY u.id::text = lower(named) DESC LIMIT 1;
    RETURN found_id;
END $function$;

CREATE OR REPLACE FUNCTION orders.caller_role() RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
    SELECT u.role FROM orders.users u WHERE u.id = (SELECT orders.caller_id())
$function$;

CREATE OR REPLACE FUNCTION orders.caller_name() RETURNS text
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
    SELECT u.display_name FROM orders.users u WHERE u.id = (SELECT orders.caller_id())
$function$;

CREATE OR REPLACE FUNCTION orders.creator() RETURNS uuid
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
    SELECT u.id FROM orders.users u WHERE u.id = (SELECT orders.caller_id()) AND u.role = 'creator'
$function$;

CREATE OR REPLACE FUNCTION orders.creator_shops() RETURNS uuid[]
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
    SELECT coalesce(array_agg(s.id), '{}') FROM orders.shops s WHERE s.user_id = (SELECT orders.creator())
$function$;
