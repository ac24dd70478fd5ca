"""Stock keeping: receive, reserve, ship."""
