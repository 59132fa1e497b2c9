-- Database logins of people, made by whoever owns the schema for an administrator who may not make roles himself.
--
-- A login is touched only if this made it (its comment says so) or it is a plain one that an administrator of the cluster made; never one
-- that may more than log in. What comes as a password is a SCRAM verifier: the password itself reaches neither the server nor its logs.

CREATE OR REPLACE FUNCTION orders.put_login(login text, wanted text, verifier text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    made_here constant text := 'Orders TUI made this login';
    there record;
    one text;
BEGIN
    IF NOT pg_has_role(session_user, (SELECT n.nspowner FROM pg_namespace n WHERE n.nspname = 'orders'), 'MEMBER')
       AND (SELECT orders.caller_role()) IS DISTINCT FROM 'admin' THEN
        RAISE EXCEPTION 'only an administrator makes logins' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF login !~ '^[a-z][a-z0-9_.-]{0,62}$' OR login ~ '^(pg_|orders_)' OR verifier !~ '^SCRAM-SHA-256\$' THEN
        RAISE EXCEPTION '% is no name for a login, or its password is no verifier', quote_literal(login)
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF wanted IS NOT NULL AND wanted NOT IN ('viewer', 'operator', 'supervisor', 'admin', 'creator', 'service') THEN
        RAISE EXCEPTION 'there is no role %', quote_literal(wanted) USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication
           OR pg_has_role(r.oid, (SELECT n.nspowner FROM pg_namespace n WHERE n.nspname = 'orders'), 'MEMBER') AS more,
           coalesce(shobj_description(r.oid, 'pg_authid') = made_here, false) AS ours
    INTO there FROM pg_roles r WHERE r.rolname = login;
    IF NOT FOUND THEN
        IF verifier IS NULL OR wanted IS NULL THEN
            RETURN;
        END IF;
        EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD %L', login, verifier);
        EXECUTE format('COMMENT ON ROLE %I IS %L', login, made_here);
    ELSIF there.more THEN
        RAISE EXCEPTION '% may more than log in', quote_literal(login) USING ERRCODE = 'insufficient_privilege';
    ELSIF verifier IS NOT NULL AND NOT there.ours THEN
        RAISE EXCEPTION '% is a login of somebody else', quote_literal(login) USING ERRCODE = 'duplicate_object';
    ELSIF there.ours THEN
        EXECUTE format('ALTER ROLE %I %s', login, CASE WHEN wanted IS NULL THEN 'NOLOGIN' ELSE 'LOGIN' END);
        IF verifier IS NOT NULL THEN
            EXECUTE format('ALTER ROLE %I PASSWORD %L', login, verifier);
        END IF;
    END IF;
    FOREACH one IN ARRAY ARRAY['viewer', 'operator', 'supervisor', 'admin', 'creator', 'service'] LOOP
        IF one IS DISTINCT FROM wanted AND EXISTS (
            SELECT FROM pg_auth_members m
            JOIN pg_roles g ON g.oid = m.roleid JOIN pg_roles l ON l.oid = m.member
            WHERE g.rolname = 'orders_' || one AND l.rolname = login) THEN
            EXECUTE format('REVOKE %I FROM %I', 'orders_' || one, login);
        END IF;
    END LOOP;
    IF wanted IS NOT NULL THEN
        EXECUTE format('GRANT %I TO %I', 'orders_' || wanted, login);
    END IF;
END $function$;
