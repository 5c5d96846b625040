-- Who holds a global permission that gives a seat, and which groups are inside which.
SELECT
    CASE WHEN p.permtype = 'USECONFLUENCE' THEN 'use' ELSE 'administer' END AS kind,
    CASE WHEN p.permgroupname IS NOT NULL THEN 'group' ELSE 'account' END AS holder,
    coalesce(p.permgroupname, p.permusername)::text AS name,
    NULL::text AS parent
FROM spacepermissions p
WHERE p.spaceid IS NULL
    AND p.permtype IN ('USECONFLUENCE', 'ADMINISTRATECONFLUENCE', 'SYSTEMADMINISTRATOR')
    AND coalesce(p.permgroupname, p.permusername) IS NOT NULL
UNION
SELECT 'inside', 'group', child.group_name::text, parent.group_name::text
FROM cwd_membership m
JOIN cwd_group child ON child.id = m.child_group_id
JOIN cwd_group parent ON parent.id = m.parent_id
JOIN cwd_directory d ON d.id = parent.directory_id AND d.active = 'T'
ORDER BY 1, 2, 3, 4
